"""From the bytes of a response to rows, and the columns that rows have."""
