"""
Planning: where to open, what it would change, what the years to come ask for, which round a relais travels.

`siting` answers where; `scenario` replays the matching and the observatory on a changed territory; `projection` looks
ahead; `rounds` lays out a travelling relais. Solvers stand behind one function each: `p_median`, `covering`,
`p_center`, `capacitated`, `access_floor`.
"""
