"""Runs: trainings that are processes of their own. Light: no torch to read or steer them.

`folder` is what a run is on the disk, `control` what a user does with it, `worker` works the queue, `following` is the
trainer's side, `diagnosis` says why one failed, `forecast` what one will cost, `processes` begins and finds processes.
"""
