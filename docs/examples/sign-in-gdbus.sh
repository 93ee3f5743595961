#!/bin/sh
# Signs in with nothing but gdbus, for scripts without the CLI:
#
#   sign-in-gdbus.sh LOGIN [PASSWORD-FILE]
#
# Without a file the password is asked for (or read from a pipe). It goes to the daemon through a descriptor: no
# argument, environment or message on the bus has it. gdbus passes its descriptor 3 for the argument 3.
set -eu

name=org.deliveryservice.CustomerClient1
path=/org/deliveryservice/CustomerClient1

call()
{
	method=$1
	shift
	gdbus call --session --timeout 60 --dest "$name" --object-path "$path" --method "$method" "$@"
}

[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: ${0##*/} LOGIN [PASSWORD-FILE]" >&2; exit 2; }
login=$1

if [ $# -eq 2 ]; then
	call "$name.Session.SignIn" "$login" 3 true 3<"$2" >/dev/null
else
	if [ -t 0 ]; then
		trap 'stty echo' EXIT
		trap 'exit 130' INT TERM
		stty -echo
		printf 'Password of %s: ' "$login" >&2
		IFS= read -r password || [ -n "$password" ]
		stty echo
		trap - EXIT
		echo >&2
	else
		IFS= read -r password || [ -n "$password" ]
	fi
	# printf is a part of the shell: nobody sees its arguments.
	printf %s "$password" | call "$name.Session.SignIn" "$login" 3 true 3<&0 >/dev/null
fi

call org.freedesktop.DBus.Properties.Get "$name.Session" State
