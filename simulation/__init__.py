"""The simulated city: clients of the public API, and the commands that drive the whole product."""
