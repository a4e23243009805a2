"""Lists as towns, départements and portals publish them: what each column is, what was understood, what was not."""
