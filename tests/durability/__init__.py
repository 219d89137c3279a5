"""Programs that kill the server, cut its power and break its disk, and look at what is left.

`python -m durability` (scripts/durability) runs all of them for long; tests/e2e/test_durability.py runs each for a
moment.
"""
