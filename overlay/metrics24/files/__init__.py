"""From rows to files and tables."""
