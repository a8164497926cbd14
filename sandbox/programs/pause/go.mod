module fedctl/sandbox/programs/pause

go 1.26
