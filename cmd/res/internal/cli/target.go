package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const defaultURL = "ws://localhost:8080"

// target is which gateway, and how to be let in. Its fields are as flags give them;
// resolve adds what the environment and the configuration say.
type target struct {
	context   string
	url       string
	headers   []string // "Name: value", or "Name: @file"
	tokenFile string
	login     string // rid.method
	params    string // of the login: as for call, in one argument
	ca        string
	cert, key string
}

func (t *target) flags(f *pflag.FlagSet) {
	f.StringVar(&t.context, "context", "", "the `name` of a context in the configuration ($RES_CONTEXT)")
	f.StringVarP(&t.url, "url", "u", "", "the gateway's `URL`, ws:// or wss:// ($RES_URL)")
	f.StringArrayVarP(&t.headers, "header", "H", nil, "a header of the handshake, as `'Name: value'`, or 'Name: @file' for a secret one")
	f.StringVar(&t.tokenFile, "token-file", "", "a `file` with a bearer token for the handshake (else $RES_TOKEN)")
	f.StringVar(&t.login, "login", "", "an auth `rid.method` to call on every connection")
	f.StringVar(&t.params, "login-params", "", "its `params`: JSON, @file or - for standard input")
	f.StringVar(&t.ca, "ca", "", "a PEM `file` with authorities to trust beside the system's")
	f.StringVar(&t.cert, "cert", "", "a PEM `file` with the client's certificate")
	f.StringVar(&t.key, "key", "", "a PEM `file` with its key")
}

// resolve returns t with what the environment and the configuration add. Flags go
// before the environment, and that before a context. What a context says of secrets
// is for its own URL only, so it cannot be combined with another.
func (t target) resolve(env func(string) string) (target, error) {
	if t.context != "" && t.url != "" {
		return t, &usageError{errors.New("--context and --url are two gateways; name one")}
	}
	name := t.context
	if name == "" && t.url == "" {
		if t.url = env("RES_URL"); t.url == "" {
			name = env("RES_CONTEXT")
		}
	}
	if t.url == "" {
		if err := t.fromContext(name, env); err != nil {
			return t, err
		}
	}
	if t.url == "" {
		t.url = defaultURL
	}
	return t, nil
}

// fromContext fills what flags have left open from a context: the one that has this
// name, or the current one, if any.
func (t *target) fromContext(name string, env func(string) string) error {
	cfg, err := loadConfig(env)
	if err != nil {
		return err
	}
	if name == "" {
		name = cfg.Current
	}
	if name == "" {
		return nil
	}
	c, ok := cfg.Contexts[name]
	if !ok {
		return &usageError{fmt.Errorf("no context %q in %s (it has: %s)", name, cfg.path, strings.Join(cfg.names(), ", "))}
	}
	t.url = c.URL
	for name, value := range c.Headers {
		t.headers = append([]string{name + ": " + value}, t.headers...)
	}
	for _, field := range []struct {
		flag *string
		file string
	}{
		{&t.tokenFile, c.TokenFile}, {&t.login, c.Login}, {&t.params, c.LoginParams},
		{&t.ca, c.CA}, {&t.cert, c.Cert}, {&t.key, c.Key},
	} {
		if *field.flag == "" {
			*field.flag = field.file
		}
	}
	return nil
}

// header builds the headers of the handshake, and reads those that are in files.
func (t *target) header(env func(string) string) (http.Header, error) {
	h := http.Header{}
	for _, line := range t.headers {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, &usageError{errors.New("a header is 'Name: value'")} // not repeated: it may be a secret
		}
		value = strings.TrimSpace(value)
		if file, ok := strings.CutPrefix(value, "@"); ok {
			secret, err := readSecret(file)
			if err != nil {
				return nil, fmt.Errorf("header %s: %w", name, err)
			}
			value = secret
		}
		h.Set(name, value)
	}
	token := env("RES_TOKEN")
	if t.tokenFile != "" {
		var err error
		if token, err = readSecret(t.tokenFile); err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
	} else if h.Get("Authorization") != "" {
		return h, nil
	}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h, nil
}

// readSecret returns what a file holds, without the line's end that editors leave.
func readSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

// loginMethod splits "auth.user.login" into the resource id and the method.
func (t *target) loginMethod() (rid, method string, err error) {
	i := strings.LastIndexByte(t.login, '.')
	if i <= 0 || i == len(t.login)-1 {
		return "", "", &usageError{fmt.Errorf("--login %q is not a resource id, a dot and a method, like auth.user.login", t.login)}
	}
	return t.login[:i], t.login[i+1:], nil
}

// completeContext names the contexts, for the shell.
func (t *target) completeContext(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := loadConfig(os.Getenv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return cfg.names(), cobra.ShellCompDirectiveNoFileComp
}
