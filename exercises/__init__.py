"""Your exercises. Write the bodies; `course watch 01` says how they stand. Made by `course author make`."""
