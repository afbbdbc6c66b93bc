//go:build tools

// Package host pins Pulumi's language hosts for Node and Python, for tests. Newer ones are modules of their own, which no registry has.
package host

import (
	_ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
	_ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
)
