package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
)

// config is the configuration file.
type config struct {
	Current  string                   `toml:"current"` // the context to use without --context
	Contexts map[string]contextConfig `toml:"contexts"`

	path string
}

// contextConfig is one named gateway. Files are relative to the configuration's folder.
type contextConfig struct {
	URL         string            `toml:"url"`
	Headers     map[string]string `toml:"headers"`
	TokenFile   string            `toml:"token_file"`
	Login       string            `toml:"login"`
	LoginParams string            `toml:"login_params"`
	CA          string            `toml:"ca"`
	Cert        string            `toml:"cert"`
	Key         string            `toml:"key"`
}

// loadConfig reads the configuration; without the file it is empty.
func loadConfig(env func(string) string) (*config, error) {
	path, err := configPath(env)
	if err != nil {
		return nil, err
	}
	cfg := &config{path: path}
	meta, err := toml.DecodeFile(path, cfg)
	if errors.Is(err, fs.ErrNotExist) && env("RES_CONFIG") == "" {
		return cfg, nil
	}
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("configuration %s: there is no setting %q", path, unknown[0])
	}
	for name, c := range cfg.Contexts {
		if c.URL == "" {
			return nil, fmt.Errorf("configuration %s: context %q has no url", path, name)
		}
		cfg.Contexts[name] = c.from(filepath.Dir(path))
	}
	return cfg, nil
}

// configPath is $RES_CONFIG, or res/config.toml in the user's configuration folder.
func configPath(env func(string) string) (string, error) {
	if path := env("RES_CONFIG"); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("where the configuration is: %w", err)
	}
	return filepath.Join(dir, "res", "config.toml"), nil
}

// from makes file names relative to dir.
func (c contextConfig) from(dir string) contextConfig {
	in := func(file string) string {
		if file == "" || filepath.IsAbs(file) {
			return file
		}
		return filepath.Join(dir, file)
	}
	c.TokenFile, c.CA, c.Cert, c.Key = in(c.TokenFile), in(c.CA), in(c.Cert), in(c.Key)
	if len(c.LoginParams) > 1 && c.LoginParams[0] == '@' {
		c.LoginParams = "@" + in(c.LoginParams[1:])
	}
	return c
}

func (c *config) names() []string {
	return slices.Sorted(maps.Keys(c.Contexts))
}

func (a *app) contextCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "context",
		Short: "List the contexts of the configuration",
		Long: `Context lists the named gateways of the configuration file, the current one with a
star. The file is $RES_CONFIG, or res/config.toml in the user's configuration folder
(~/.config on Linux):

  current = "dev"

  [contexts.dev]
  url = "ws://localhost:8080"

  [contexts.prod]
  url          = "wss://resgate.example.com/ws"
  token_file   = "prod.token"            # a bearer token for the handshake
  login        = "auth.user.login"       # called on every connection
  login_params = "@prod-login.json"
  ca           = "ca.pem"
  cert         = "client.pem"
  key          = "client.key"
  headers      = { X-Tenant = "acme" }`,
		Example: `  res context
  res get news.today --context prod`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := loadConfig(os.Getenv)
			if err != nil {
				return err
			}
			if len(cfg.Contexts) == 0 {
				fmt.Fprintf(a.err, "res: no contexts in %s\n", cfg.path)
			}
			for _, name := range cfg.names() {
				mark := " "
				if name == cfg.Current {
					mark = "*"
				}
				fmt.Fprintf(a.out, "%s %s\t%s\n", mark, name, cfg.Contexts[name].URL)
			}
			return nil
		},
	}
}
