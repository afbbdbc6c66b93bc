//go:build tools

// Package host pins Pulumi's language host for YAML, for tests. It has a module of its own, because it needs an older engine library than the lab.
package host

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
