"""The site: lessons, glossary and docs as pages, which MkDocs with the theme Material turns into HTML (`make docs`).

`pages` says which pages there are and writes them, `lesson_page` makes one of a solution, without its bodies; `glossary` reads the
terms, `build` runs MkDocs and looks at what came out. It works without a network, for its authors and for its readers.
"""
