// Compiles the header that the peers share.
