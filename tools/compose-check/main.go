// compose-check FILE...: loads each Compose file as Docker Compose does (schema, interpolation, env files, references
// between services) and prints the resolved model as JSON, one document a file. Ends with 1 and the loader's words
// when a file is not a Compose file.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func load(file string) ([]byte, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	// As `docker compose up` does it: env files are read, and must be there.
	project, err = project.WithServicesEnvironmentResolved(true)
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

func main() {
	for _, file := range os.Args[1:] {
		model, err := load(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
		fmt.Println(string(model))
	}
}
