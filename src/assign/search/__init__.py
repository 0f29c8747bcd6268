"""
Finding the row: people's words → candidates of the list. It never decides: a candidate is a row, and `decide` takes its id.

`lexicon` reads the words, `index` keeps them as SQLite (made at build time), `searcher` asks it.
"""
