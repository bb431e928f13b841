"""A module for each data set, called as it is: it declares DATA_SET (`course.datasets.registry.DataSet`)."""
