"""The commands of `python -m vae`: text and files around the core."""
