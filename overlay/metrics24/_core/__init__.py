"""Decisions: generators that yield effects. No socket, no clock, no file."""
