"""What a deployment needs: signed links, mail, checks before going online, a cluster."""
