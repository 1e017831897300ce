"""A model that stays in the program that holds it, under the microscope: `vae.explore`.

`samples` and `callables` bring the user's arrays and functions into the form that zscope uses, `given` makes the map of
them, `worker` answers for them from a thread, and `explorer` starts the app beside the program and returns a handle.
"""
