"""What `python -m vae` does: text and files around the core."""
