"""What every room stands on: paths, errors, printing, whole files, the code id."""
