"""The doctor: find out which guesses of the spec are wrong, with a key and a server at hand."""
