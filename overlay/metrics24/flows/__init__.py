"""Decisions as generators: they yield effects and never touch the network, the clock or a file themselves."""
