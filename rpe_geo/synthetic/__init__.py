"""
Invented data: the demonstration territory, and registries of any size. There is no real person in it.

`demonstration.py` draws a fictive intercommunalité in the formats of the real open data; `registry.py` fills any territory with
childminders, MAM, facilities and requests; `places.py` says where they live.
"""
