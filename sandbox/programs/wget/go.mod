module fedctl/sandbox/programs/wget

go 1.26
