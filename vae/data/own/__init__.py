"""Your data: read from files of many kinds, previewed before it is stored, then trained on like any other data set."""
