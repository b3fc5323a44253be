"""Drift: what answers hold that the spec does not say, and the patch that makes the spec say it."""
