"""Models that others have saved, as `vae.explore` takes them: a file for each kind of folder or file.

`adapted` is what such a file makes of a model, `weight_files` reads what lies beside it, and `opening` finds the kind.
Nothing is unpickled.
"""
