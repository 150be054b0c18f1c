"""Jobs on a cluster of machines, by Dask: an extra, which no other room knows."""
