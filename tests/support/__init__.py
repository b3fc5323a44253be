"""Helpers shared by the tests: a scripted server and its answers, report tables, a clock, the two kinds of client."""
