"""Rows and pages of the report tables, synchronous and asynchronous."""
