"""Mutation of the solutions: are there small changes that make a right body wrong and that no check notices?

    course author mutation              # all projects; again: only what changed since
    course author mutation 01 04a       # some
    course author mutation --sample 40 --seed 1

A *mutant* is a solution with one small change in one body that students write. It is *killed* if a check of its function fails.
One that survives shows a hole: either a check is missing, or the contract does not forbid the change; then
the project's equivalents.toml says why no student could be said to be wrong. The idea is that of DeMillo, Lipton and Sayward 1978,
"Hints on test data selection".

`operators_*` make the changes, `mutants` puts them into the solutions, `trials` runs the checks, `search` chooses and tries,
`ledger` remembers what was found, `records` reads the equivalents, `page` writes docs/mutation.md.
"""
