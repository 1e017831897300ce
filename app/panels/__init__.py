"""Parts of a page: each file draws one and takes what the user does in it. Views put them together."""
