"""The rows of the sandbox: computed from a seed when asked for, stored nowhere."""
