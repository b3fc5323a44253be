"""From the bytes of a response to rows: the columns that rows have, and how they are decoded."""
