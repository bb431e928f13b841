"""Right solutions written another way, one module a project: each must pass every check of its function."""
