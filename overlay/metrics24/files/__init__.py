"""Write rows to files and Arrow tables, and read CSV files."""
