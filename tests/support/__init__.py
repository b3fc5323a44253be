"""Helpers shared by the tests: a scripted server and its responses, report tables, a clock, the two kinds of client."""
