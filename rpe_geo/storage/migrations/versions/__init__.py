"""The history of the tables: one file per step, `NNNN_subject.py`, its revision being `NNNN`."""
