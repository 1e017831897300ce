"""Data sets of one's own: read from files of any kind, looked at before they are kept, then trained on as any other."""
