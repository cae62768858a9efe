"""Tests of the pure document: ``python3 -m unittest discover -s fa3/tests -t .``."""
