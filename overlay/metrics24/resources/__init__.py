"""What hangs on a client: thin synchronous and asynchronous twins."""
