"""The author's tools: stubs made from solutions, and the versions that the course is locked to."""
