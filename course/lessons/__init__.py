"""Do the embedded data teach what the course says? Each project declares its lesson; here they are measured and tabled."""
