"""Virtual time, the servers, their disks, and the network between them."""
