"""Out through a smarthost: profiles, their sealed passwords, who may be written to, test and delivery."""
