// Pulumi's Kubernetes provider, from its own module. The module's own main needs files that are generated when the provider is released;
// this one reads the module's schema from a file beside the program.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// version is set by the linker to the version of the Node SDK that the project uses.
var version = "4.0.0"

func main() {
	program, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	schema, err := os.ReadFile(filepath.Join(filepath.Dir(program), "pulumi-kubernetes-schema.json"))
	if err != nil {
		log.Fatal(err)
	}
	// The mapping is for converting Terraform programs, which nothing here does.
	provider.Serve("kubernetes", version, schema, []byte("{}"))
}
