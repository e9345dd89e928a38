"""Sun, weather, habits and wires: pure functions over values. Importing `sun` costs a second (pvlib)."""
