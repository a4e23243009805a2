"""The use cases, each a paragraph, behind one thin `Relais`."""
