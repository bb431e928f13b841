"""What is right: the graders of the nine projects, and the mistakes and alternatives that prove them."""
